import type * as z from "zod/mini";
import { protocolError, type Target } from "./errors.ts";

/** The typed body, or a `protocol` error that names the first thing wrong with it. */
export function parseBody<Body>(target: Target, body: z.ZodMiniType<Body>, text: string): Body {
  const json = parseJson(text);
  if (json === undefined) throw protocolError(target, "no JSON", text);
  const result = body.safeParse(json);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.join(".") ?? "";
  throw protocolError(target, path === "" ? "another shape" : `\`${path}\` is missing or wrong`, text);
}

/** `undefined` stands for text that is not JSON; JSON itself cannot say it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
