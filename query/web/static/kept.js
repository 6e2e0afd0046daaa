// What the browser keeps of how pages were left. Where it keeps nothing for them, it lasts as long as the page.

export const lasting = keeper(() => localStorage);
export const ofTab = keeper(() => sessionStorage);

function keeper(storage) {
  const here = new Map();
  return {
    get(key) {
      try {
        return storage().getItem(key);
      } catch {
        return here.get(key) ?? null;
      }
    },
    set(key, value) {
      try {
        storage().setItem(key, value);
      } catch {
        here.set(key, value);
      }
    },
    remove(key) {
      here.delete(key);
      try {
        storage().removeItem(key);
      } catch {
        // nothing was kept
      }
    },
  };
}
