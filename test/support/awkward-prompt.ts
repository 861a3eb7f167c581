/** What a shell, a template or a terminal would spoil if any of them saw it as code. */
export const awkwardPrompt =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: must stay as it is
  "Fix `id` $(touch pwned) \"double\" 'single' ${HOME} %s \\ ! 日本語\nand a second line; touch pwned";
