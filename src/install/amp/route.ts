import type { AmpProbe } from "../../amp/probe.ts";
import type { Log } from "../../base/log.ts";
import type { Redact } from "../../base/redact.ts";
import type { Config } from "../../config.ts";
import type { Paths } from "../../paths.ts";

/** What every route works with: the template's wishes, the places, the environment. */
export interface RouteContext {
  config: Pick<Config, "install_via_npm" | "amp_installer_url" | "npm_registry_url">;
  paths: Pick<Paths, "home" | "npmPrefix" | "stage">;
  env: NodeJS.ProcessEnv;
  redact: Redact;
}

/** What is to be installed. */
export interface Wanted {
  /** An exact version, or undefined for the newest. */
  version: string | undefined;
  /** Whether there is an Amp binary that works: then a failure is found out soon. */
  isCheck: boolean;
}

/** An Amp binary that was installed aside: it is proved there, and only then takes its place. */
export interface StagedAmp {
  /** Where it can be run now. */
  path: string;
  /** Puts what was proved in place, in one step, and returns it as it is there. */
  commit: (proved: AmpProbe) => Promise<AmpProbe>;
  /** Removes what is left aside; after `commit`, too. */
  cleanUp: () => Promise<void>;
  /** If it does not run at `path`: the same Amp binary where it may. */
  elsewhere?: () => Promise<StagedAmp>;
}

/** One way to install Amp. */
export interface AmpRoute {
  /** As the log says it: "install with …". */
  name: string;
  /** Whether the template asks for this one. */
  isAskedFor: (config: RouteContext["config"]) => boolean;
  stage: (context: RouteContext, wanted: Wanted, log: Log) => Promise<StagedAmp>;
  /** Whether it offers nothing newer, if that can be asked without an install. */
  isNewest?: (version: string, context: RouteContext) => Promise<boolean>;
  /** How often it is tried to get an Amp binary that runs. */
  tries: number;
  /** What to do if what it installed does not run. */
  fix: string;
}
