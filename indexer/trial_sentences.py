"""Sentences as people ask archives: an index is tuned until they find what an exact search would."""

from __future__ import annotations

TRIAL_SENTENCES = (
    # people and what they do
    "someone climbs over a wall", "a woman pushing a pram", "a man on a ladder", "children playing football",
    "people shaking hands", "a cook cutting vegetables", "somebody falls down the stairs", "a couple dancing",
    "workers with helmets", "a girl reading a book", "an old man with a stick", "a person looking into a parked car",
    "a man smoking outside", "people queueing", "a baby asleep", "someone typing on a laptop", "a handshake at a desk",
    "a woman on the phone", "a runner crossing the line", "a swimmer in a pool", "a person carrying a heavy box",
    "two men fighting", "a crowd cheering", "a person in a wheelchair", "a skateboarder in the air",
    "a man painting a wall", "a teacher at a blackboard", "a surgeon at work", "someone pours coffee",
    "hands kneading dough", "a guitarist on stage", "a police officer", "a group at a campfire",
    "a person alone in an empty corridor", "a face close up", "the back of a head", "a man in uniform",
    "a bride and a groom", "people around a table", "somebody opens a safe",
    # animals
    "a cat on a sofa", "a dog catching a ball", "birds over water", "a horse and its rider", "cows in a field",
    "a fish in an aquarium", "an elephant", "a squirrel eating", "a bee on a flower", "a deer at the edge of a wood",
    # vehicles and roads
    "a white van at a gate", "a traffic jam", "a red bus", "a motorcycle overtaking", "a train leaving the platform",
    "an aeroplane landing", "a ship in a harbour", "a lorry being unloaded", "a bicycle against a wall",
    "a tractor ploughing", "a car at night with its lights on", "an accident at a crossing", "an empty car park",
    "a number plate",
    # places, weather, light
    "waves on a beach", "a mountain with snow", "a waterfall", "fog between trees", "heavy rain on a window",
    "a city seen from above", "a shop with shelves", "an office with screens", "a kitchen", "a factory hall",
    "a staircase", "a lift door", "a street market", "a church", "a bridge over a river", "a tunnel", "a stadium",
    "a garden with flowers", "a dark room", "the sun going down", "a flooded street", "a building on fire", "smoke",
    "a hospital ward", "a school yard", "an airport hall", "a desert road",
    # things, pictures and writing
    "an open door", "a bag left on a bench", "a broken window", "a birthday cake", "a computer screen with text",
    "a map", "a drawing", "a cartoon", "a black picture", "the title of a film", "a logo on white",
    "a bottle and a glass", "a gun", "a fire extinguisher", "a clock on a wall", "a pile of books",
    "money on a counter",
)  # fmt: skip
