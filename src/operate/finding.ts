/** One line of doctor's report. */
export interface Finding {
  state: "ok" | "note" | "wrong";
  text: string;
  fix?: string;
}
