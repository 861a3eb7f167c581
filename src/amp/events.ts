import * as z from "zod/mini";

/*
 * The events of `amp -x --stream-json`, one JSON object per line. The format follows Claude Code's stream JSON and
 * is described at https://ampcode.com/manual/appendix ("Stream JSON output"). Only what this code reads is required;
 * every further field is kept. A value that fits is passed on as it is; `mend` says what happens to one that does not.
 */

const usage = z.looseObject({
  input_tokens: z.optional(z.number()),
  output_tokens: z.optional(z.number()),
  cache_creation_input_tokens: z.optional(z.nullable(z.number())),
  cache_read_input_tokens: z.optional(z.nullable(z.number())),
});

const text = z.looseObject({ type: z.literal("text"), text: z.string() });
const image = z.looseObject({ type: z.literal("image") });
const thinking = z.looseObject({ type: z.literal("thinking"), thinking: z.string() });
const redactedThinking = z.looseObject({ type: z.literal("redacted_thinking") });
const toolUse = z.looseObject({
  type: z.literal("tool_use"),
  id: z.string(),
  name: z.string(),
  input: z.unknown(),
});
const KNOWN_BLOCKS = ["text", "image", "thinking", "redacted_thinking", "tool_use", "tool_result", "unknown"];
/** The kind of a block that is not known here yet, whatever its name: an enum, so that a known name leaves such blocks out. */
export declare enum NewerKind {
  Newer = "newer",
}
/** A block of a kind that is not known here yet: passed on as it is. */
export interface OtherBlock {
  type: NewerKind;
  [field: string]: unknown;
}
const otherBlock = z.looseObject({
  type: z.custom<NewerKind>((type) => typeof type === "string" && !KNOWN_BLOCKS.includes(type)),
});
/** Whatever a tool gave back, it ends its call: so nothing but the call's id is asked of it. */
const toolResult = z.looseObject({
  type: z.literal("tool_result"),
  tool_use_id: z.string(),
  content: z.optional(z.unknown()),
  is_error: z.optional(z.unknown()),
});
/** A block that is not of its kind's shape, as `mend` passes it on. */
const unknownBlock = z.looseObject({ type: z.literal("unknown"), block: z.unknown() });

const BLOCKS = {
  assistant: z.union([text, toolUse, thinking, redactedThinking, unknownBlock, otherBlock]),
  user: z.union([toolResult, text, image, unknownBlock, otherBlock]),
};

const envelope = { session_id: z.string(), parent_tool_use_id: z.optional(z.nullable(z.string())) };

const init = z.looseObject({
  type: z.literal("system"),
  subtype: z.literal("init"),
  session_id: z.string(),
  cwd: z.optional(z.string()),
  tools: z.optional(z.array(z.string())),
  /** `status` is one of {@link McpStatus}, or a word that newer releases add. */
  mcp_servers: z.optional(z.array(z.looseObject({ name: z.string(), status: z.optional(z.string()) }))),
});

const assistant = z.looseObject({
  type: z.literal("assistant"),
  message: z.looseObject({
    content: z.array(BLOCKS.assistant),
    stop_reason: z.optional(z.nullable(z.string())),
    usage: z.optional(usage),
    model: z.optional(z.string()),
  }),
  ...envelope,
});

const user = z.looseObject({
  type: z.literal("user"),
  message: z.looseObject({ content: z.union([z.string(), z.array(BLOCKS.user)]) }),
  ...envelope,
});

const result = z.looseObject({
  type: z.literal("result"),
  subtype: z.string(),
  session_id: z.string(),
  is_error: z.optional(z.boolean()),
  result: z.optional(z.string()),
  error: z.optional(z.string()),
  duration_ms: z.optional(z.number()),
  num_turns: z.optional(z.number()),
  usage: z.optional(usage),
  permission_denials: z.optional(z.array(z.unknown())),
});

export type McpStatus =
  | "awaiting-approval"
  | "authenticating"
  | "connecting"
  | "reconnecting"
  | "connected"
  | "denied"
  | "failed"
  | "blocked-by-registry";

export type Usage = z.infer<typeof usage>;
export type TextBlock = z.infer<typeof text>;
export type ThinkingBlock = z.infer<typeof thinking>;
export type ToolUseBlock = z.infer<typeof toolUse>;
export type ToolResultBlock = z.infer<typeof toolResult>;
/** A block that is not of its kind's shape, as it came. */
export type UnknownBlock = z.infer<typeof unknownBlock>;
/** The first event: `session_id` is the Amp thread (`T-…`), `cwd` where it works. */
export type InitEvent = z.infer<typeof init>;
export type AssistantEvent = z.infer<typeof assistant>;
export type UserEvent = z.infer<typeof user>;
/** The last event of a turn. `subtype`: `success`, `error_during_execution`, `error_max_turns`, or a newer word. */
export type ResultEvent = z.infer<typeof result>;

/** JSON that is no known event, as it came; `reason` if a known type has an unknown shape. */
export interface UnknownEvent {
  type: "unknown";
  event: unknown;
  reason?: string;
}

/** A line that is no JSON. The stream continues after it. */
export interface BrokenLine {
  type: "broken";
  /** Counted from 1. */
  line: number;
  reason: string;
  /** The line's first 200 characters. */
  start: string;
}

export type AmpEvent = InitEvent | AssistantEvent | UserEvent | ResultEvent | UnknownEvent | BrokenLine;

const SCHEMAS = { system: init, assistant, user, result };

/** Tells which event a parsed line is. The value itself is passed on, so nothing in it is lost or reordered. */
export function toEvent(value: unknown): AmpEvent {
  const type = typeof value === "object" && value !== null ? (value as { type?: unknown }).type : undefined;
  const schema =
    typeof type === "string" && Object.hasOwn(SCHEMAS, type) ? SCHEMAS[type as keyof typeof SCHEMAS] : null;
  // Amp may tell more about itself in newer releases: only `init` is known, and no other is a damaged one.
  const isOther = type === "system" && (value as { subtype?: unknown }).subtype !== "init";
  if (!schema || isOther) return { type: "unknown", event: value };
  const checked = schema.safeParse(value);
  if (checked.success) return value as AmpEvent;
  const mended = mend(value as Record<string, unknown>, checked.error.issues);
  if (schema.safeParse(mended).success) return mended as unknown as AmpEvent;
  const issue = checked.error.issues[0];
  return { type: "unknown", event: value, reason: `${issue?.path.join(".")}: ${issue?.code}` };
}

/** What must be as it should: without it an event could be taken for another one, or a failure for a success. */
const VITAL = ["type", "subtype", "session_id", "parent_tool_use_id", "is_error"];

/**
 * A copy of an event of which only parts are not of a known shape: such a block becomes an `unknown` one, such a
 * field is left out, and words that are no text become their JSON. So one surprise does not turn away the rest.
 */
function mend(
  event: Record<string, unknown>,
  issues: readonly { path: readonly PropertyKey[] }[],
): Record<string, unknown> {
  const mended = { ...event };
  const inner = event["message"];
  const message = typeof inner === "object" && inner !== null ? { ...inner } : undefined;
  for (const { path } of issues) {
    const [field, part] = path;
    if (field !== "message" || !message) mendField(mended, String(field));
    else if (part !== "content") mendField(message, String(part));
    else mendContent(message, event["type"] === "assistant" ? BLOCKS.assistant : BLOCKS.user);
  }
  return message ? { ...mended, message } : mended;
}

function mendField(holder: Record<string, unknown>, name: string): void {
  const value = holder[name];
  if (VITAL.includes(name)) return;
  const isSaid = name === "result" || name === "error";
  if (isSaid && value !== undefined && value !== null) holder[name] = wordsOf(value);
  else delete holder[name];
}

function mendContent(message: { content?: unknown }, known: z.ZodMiniType): void {
  const { content } = message;
  if (typeof content !== "object" || content === null) return;
  // One block may come without a list around it.
  const blocks = Array.isArray(content) ? content : [content];
  message.content = blocks.map((block) =>
    known.safeParse(block).success ? block : { type: "unknown", block },
  );
}

/** Text of anything that stands for a reason or an answer: its message, if it has one, or its JSON. */
function wordsOf(value: unknown): string {
  const message = typeof value === "object" && value !== null && "message" in value ? value.message : value;
  return typeof message === "string" ? message : JSON.stringify(value);
}

/** Tells a block's kind by its `type`, since a union of known and unknown blocks is not narrowed by it. */
export function isBlock<T extends string, B extends { type: string }>(
  block: B,
  type: T,
): block is Extract<B, { type: T }> {
  return block.type === type;
}
