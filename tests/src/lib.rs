//! Journeys across rooms, through real processes, sockets and the engine. All of them are in `tests/journeys`.
