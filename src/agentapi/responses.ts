import * as z from "zod/mini";
import { protocolError, type Target } from "./errors.ts";
import type { components } from "./schema.ts";

type Schemas = components["schemas"];
/** `transport` is absent where the release does not say, and where it names one that this client does not know. */
export type Status = Schemas["Status"];
export type Message = Schemas["Message"];
export type MessageUpdate = Schemas["MessageUpdate"];
export type StatusChange = Schemas["StatusChange"];
export type AgentFault = Schemas["AgentFault"];

const agentStatus = z.enum(["running", "stable"]);
const role = z.enum(["user", "agent"]);

export const statusBody = z.pipe(
  z.object({ status: agentStatus, agent_type: z.string(), transport: z.optional(z.unknown()) }),
  z.transform(
    ({ transport, ...rest }): Status =>
      transport === "pty" || transport === "acp" ? { ...rest, transport } : rest,
  ),
);
export const messagesBody = z.object({
  messages: z.array(z.object({ id: z.number(), role, content: z.string(), time: z.string() })),
});
export const acceptedBody = z.object({ ok: z.literal(true) });
export const uploadedBody = z.object({ ok: z.literal(true), filePath: z.string() });

export const messageUpdate = z.object({ id: z.number(), role, message: z.string(), time: z.string() });
export const statusChange = z.object({ status: agentStatus, agent_type: z.exactOptional(z.string()) });
export const agentFault = z.object({
  message: z.string(),
  level: z.enum(["error", "warning"]),
  time: z.string(),
});

/** Of `/internal/screen`, which the published description leaves out; `agentapi attach` depends on it. */
export const screenBody = z.object({ screen: z.string() });

/** The typed body, or a `protocol` error that names the first thing wrong with it. */
export function parseBody<Body>(
  target: Target,
  body: z.ZodMiniType<Body>,
  text: string,
  status?: number,
): Body {
  const json = parseJson(text);
  if (json === undefined) throw protocolError(target, "no JSON", text, status);
  const result = body.safeParse(json);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.join(".") ?? "";
  throw protocolError(
    target,
    path === "" ? "another shape" : `\`${path}\` is missing or wrong`,
    text,
    status,
  );
}

/** `undefined` stands for text that is not JSON; JSON itself cannot say it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
