import type { Part } from "./part.ts";
import { cold } from "./parts/cold.ts";
import { messages } from "./parts/messages.ts";
import { processes } from "./parts/processes.ts";
import { prompt } from "./parts/prompt.ts";
import { run } from "./parts/run.ts";
import { scale } from "./parts/scale.ts";
import { sizes } from "./parts/sizes.ts";
import { snapshot } from "./parts/snapshot.ts";
import { realAmp, starts } from "./parts/starts.ts";
import { terraform } from "./parts/terraform.ts";

/** In the order of the page. */
export const parts: readonly Part[] = [
  starts,
  realAmp,
  prompt,
  processes,
  cold,
  messages,
  terraform,
  sizes,
  run,
  snapshot,
  scale,
];
