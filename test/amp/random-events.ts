import fc from "fast-check";

/** Events that have the shape of one here and there. */
export const anyJson = fc.oneof(fc.jsonValue(), fc.constantFrom(null, "", "T-1", 0, [], {}));
const anyBlock = fc.oneof(
  anyJson,
  fc.record(
    {
      type: fc.oneof(
        fc.constantFrom("text", "tool_use", "tool_result", "thinking", "image", "unknown"),
        fc.string(),
      ),
      text: anyJson,
      id: anyJson,
      name: anyJson,
      tool_use_id: anyJson,
      content: anyJson,
      thinking: anyJson,
    },
    { requiredKeys: ["type"] },
  ),
);
export const anyEvent = fc.record(
  {
    type: fc.oneof(
      fc.constantFrom("system", "assistant", "user", "result", "__proto__", "constructor"),
      anyJson,
    ),
    subtype: fc.oneof(fc.constantFrom("init", "success", "error_during_execution"), anyJson),
    session_id: fc.oneof(fc.constant("T-1"), anyJson),
    parent_tool_use_id: anyJson,
    is_error: fc.oneof(fc.boolean(), anyJson),
    result: anyJson,
    error: anyJson,
    message: fc.oneof(
      anyJson,
      fc.record(
        { content: fc.oneof(anyJson, anyBlock, fc.array(anyBlock)), stop_reason: anyJson, usage: anyJson },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: [] },
);
