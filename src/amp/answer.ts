import { type AmpEvent, isBlock, type ResultEvent } from "./events.ts";

/** Older texts are let go: a turn may talk for hours, and an answer that ends with this many is no new one. */
const KEPT_TEXTS = 64;
/** Of a longer text only its beginning and its end are kept, each of half this size. */
const MAX_KEPT = 8 * 1024;

/** What was said in a conversation, to tell whether a result says anything new. */
export class SaidTexts {
  #texts: { length: number; mark: string }[] = [];
  #isCut = false;

  add(text: string): void {
    const bare = withoutSpace(text);
    if (bare === "") return;
    this.#texts.push({ length: bare.length, mark: markOf(bare) });
    if (this.#texts.length <= KEPT_TEXTS) return;
    this.#texts.shift();
    this.#isCut = true;
  }

  /** Whether `answer` is the last text, or the last texts joined: Amp joins a message's texts by an empty line. */
  endsWith(answer: string): boolean {
    let rest = withoutSpace(answer);
    for (const { length, mark } of this.#texts.toReversed()) {
      if (rest === "") return true;
      if (rest.length < length || markOf(rest.slice(-length)) !== mark) return false;
      rest = rest.slice(0, -length);
    }
    return rest === "" || this.#isCut;
  }
}

/** The text, or enough of it to know it again; never a piece that holds the whole of it in memory. */
function markOf(text: string): string {
  if (text.length <= MAX_KEPT) return text;
  return Buffer.from(text.slice(0, MAX_KEPT / 2) + text.slice(-MAX_KEPT / 2)).toString();
}

/** The texts that are the main conversation's; a subagent's are not the answer. */
export function mainTexts(event: AmpEvent): string[] {
  if (event.type !== "assistant" || event.parent_tool_use_id) return [];
  return event.message.content.flatMap((block) =>
    isBlock(block, "text") && block.text !== "" ? block.text : [],
  );
}

/** The answer that a result holds, "" for none. In a failed one the text is the reason, unless that stands apart. */
export function answerIn({ subtype, is_error, result = "", error }: ResultEvent): string {
  const hasFailed = is_error === true || subtype !== "success";
  return hasFailed && error === undefined && subtype !== "error_max_turns" ? "" : result;
}

function withoutSpace(text: string): string {
  return text.replace(/\s+/g, "");
}
