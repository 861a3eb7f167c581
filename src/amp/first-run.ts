import { keepAside, readTextIfExists, writeFileAtomic } from "../base/atomic-file.ts";
import { reasonOf } from "../base/errors.ts";
import { nodeAt, parseJsonc, setAt } from "../base/jsonc.ts";
import type { Log } from "../base/log.ts";

/** Seen with Amp 0.0.1790142911, which writes it itself once somebody has gone through the tour. */
const DISMISSED = "neoWelcomeDismissed";

/**
 * Tells Amp that its welcome tour has been seen: in a home in which it has not, the tour comes before the input box and
 * swallows what is typed. Everything else in Amp's file stays. The start turns the tour's pages if this cannot be
 * written, so that is no failure.
 *
 * @param path `session` of `ampFiles`
 */
export function dismissWelcomeTour(path: string, now: () => Date, log: Log): void {
  try {
    const present = readTextIfExists(path) ?? "";
    const isReadable = present.trim() === "" || parseJsonc(present) !== undefined;
    if (nodeAt(parseJsonc(present), [DISMISSED])?.value === true) return;
    if (!isReadable) {
      const aside = keepAside(path, now());
      log.warn(
        `Welcome tour: ${path} is not a JSON object, so Amp could not read it. It is kept as ${aside}.`,
      );
    }
    const text = isReadable && present.trim() !== "" ? present : "{}\n";
    writeFileAtomic(path, setAt(text, [DISMISSED], true));
    log.info(`Welcome tour: noted as seen in ${path}.`);
  } catch (error) {
    log.warn(
      `Welcome tour: it could not be noted as seen in ${path} (${reasonOf(error)}); the start passes it.`,
    );
  }
}
