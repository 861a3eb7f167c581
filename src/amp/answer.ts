import { type AmpEvent, isBlock, type ResultEvent } from "./events.ts";

/** Older texts than the last of this many characters are let go: a turn may talk for hours. */
const KEPT_CHARACTERS = 1024 * 1024;

/** What was said in a conversation, to tell whether a result says anything new. */
export class SaidTexts {
  #texts: string[] = [];
  #length = 0;
  #isCut = false;

  add(text: string): void {
    const bare = withoutSpace(text);
    if (bare === "") return;
    this.#texts.push(bare);
    this.#length += bare.length;
    for (
      let first = this.#texts[0]?.length ?? 0;
      this.#length - first > KEPT_CHARACTERS;
      first = this.#texts[0]?.length ?? 0
    ) {
      this.#texts.shift();
      this.#length -= first;
      this.#isCut = true;
    }
  }

  /** Whether `answer` is the last text, or the last texts joined: Amp joins a message's texts by an empty line. */
  endsWith(answer: string): boolean {
    let rest = withoutSpace(answer);
    for (const text of this.#texts.toReversed()) {
      if (rest === "") return true;
      if (!rest.endsWith(text)) return false;
      rest = rest.slice(0, -text.length);
    }
    return rest === "" || this.#isCut;
  }
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
