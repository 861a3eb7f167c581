/** One line of the table. What was measured in the same round stands at the same place of the lists. */
export interface Row {
  what: string;
  unit: "ms" | "KiB" | "MiB" | "";
  ours: readonly number[];
  /** Another start script, from BASELINE_SCRIPT. */
  baseline?: readonly number[];
  /** What nobody can go below. */
  floor?: readonly number[];
}

/** Measures that belong together, and can be run without the others. */
export interface Part {
  /** For `--only`. */
  name: string;
  title: string;
  /** What the floor is, and whatever else one must know to read the rows. */
  about: string;
  /** How often each measure is taken if nobody says otherwise. */
  rounds: number;
  /** @throws an Error; the parts after it are run all the same */
  run: (rounds: number) => Promise<Row[]>;
}

/** What became of a part, as it is kept in the JSON file. */
export interface Result extends Pick<Part, "name" | "title" | "about"> {
  rounds: number;
  rows: readonly Row[];
  /** Why there are no rows. */
  failure?: string;
}
