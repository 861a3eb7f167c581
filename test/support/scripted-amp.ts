import { fileURLToPath } from "node:url";

/** The Amp that follows a script: see its own head comment for what it can do. */
export const SCRIPTED_AMP = fileURLToPath(new URL("../fixtures/amp-stream/amp", import.meta.url));
