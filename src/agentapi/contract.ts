/**
 * What this client relies on of AgentAPI, once: the types are inferred from here. Described from release 0.12.1; what
 * older releases leave out is optional. Without `z.catch`: it alone makes every bundle 10 KB larger.
 */
import * as z from "zod/mini";

/** `running` while the screen changes or a message is on its way, `stable` when the agent waits for input. */
const agentStatus = z.enum(["running", "stable"]);
const role = z.enum(["user", "agent"]);
export const transport = z.enum(["pty", "acp"]);

export type Status = z.infer<typeof statusBody>;
export const statusBody = z.object({
  status: agentStatus,
  /** The kind of agent that the server was started for, such as `amp`. */
  agent_type: z.string(),
  /** `undefined` if the release does not say, or names one that this client does not know. */
  transport: z.pipe(
    z.optional(z.unknown()),
    z.transform((given) => transport.safeParse(given).data),
  ),
});

export type Message = z.infer<typeof message>;
const message = z.object({
  /** Place in the conversation, counted from 0. */
  id: z.number(),
  role,
  /** An agent's is cut out of its screen, so its lines are as wide as the terminal. */
  content: z.string(),
  /** RFC 3339. */
  time: z.string(),
});
export const messagesBody = z.object({ messages: z.array(message) });

export type NewMessage = z.infer<typeof newMessage>;
export const newMessage = z.object({
  /**
   * `user` is a turn of the conversation and needs a `stable` agent; `raw` is written to the terminal as keystrokes and
   * leaves no trace in the history.
   */
  type: z.enum(["user", "raw"]),
  content: z.string(),
});
export const acceptedBody = z.object({ ok: z.literal(true) });

/** `filePath` is absolute, on the server's machine. */
export const uploadedBody = z.object({ ok: z.literal(true), filePath: z.string() });

/** A message is new, or its text has changed: the whole text as it is now, not a difference. */
const messageUpdate = z.object({ id: z.number(), role, message: z.string(), time: z.string() });
const statusChange = z.object({ status: agentStatus, agent_type: z.exactOptional(z.string()) });
/** Something failed outside any request, such as loading saved state. */
const agentFault = z.object({ message: z.string(), level: z.enum(["error", "warning"]), time: z.string() });

/** Data of the events of `/events` by their names. */
export const eventBodies = {
  message_update: messageUpdate,
  status_change: statusChange,
  agent_error: agentFault,
};

/** Of `/internal/screen`, which the published description leaves out; `agentapi attach` depends on it. */
export const screenBody = z.object({ screen: z.string() });

const fault = z.object({ message: z.optional(z.string()), location: z.optional(z.string()) });
/** Problem details (RFC 9457) without `errors[].value`: it repeats what was sent, so it must not reach a log. */
export const problemBody = z.object({
  title: z.optional(z.string()),
  detail: z.optional(z.string()),
  errors: z.optional(z.nullable(z.array(z.nullable(fault)))),
});

/** Method, path and what the answer's body must be. */
export const endpoints = {
  status: { method: "GET", path: "/status", answer: statusBody },
  messages: { method: "GET", path: "/messages", answer: messagesBody },
  sendMessage: { method: "POST", path: "/message", answer: acceptedBody },
  upload: { method: "POST", path: "/upload", answer: uploadedBody },
} as const;

/** Paths whose answer is a stream of server-sent events. */
export const streams = { events: "/events", screens: "/internal/screen" } as const;
