/** An Amp that was installed aside: it is proved there, and only then takes its place. */
export interface StagedAmp {
  /** Where it can be run now. */
  path: string;
  /** Puts it in place in one step and returns where that is. */
  commit: () => Promise<string>;
  /** Removes what is left aside; after `commit`, too. */
  cleanUp: () => Promise<void>;
}
