// Wires up whichever page this is. Each module does nothing where its elements are missing.
import "./cards.js";
import "./more.js";
import "./alerts.js";
import "./search.js";
import "./searches.js";
import "./history.js";
import "./filters.js";
import "./reel.js";
import "./exports.js";
import "./timeline.js";
import "./time.js";
import "./state.js";
import "./work.js";
