import { folderProblem } from "../../base/folder.ts";
import type { Redact } from "../../base/redact.ts";
import type { Config } from "../../config.ts";
import { expandHome, type Paths } from "../../paths.ts";

export const GROUPS = ["Workspace", "Programs", "Settings", "Connection", "Agent", "Logs"] as const;
export type Group = (typeof GROUPS)[number];

/** What one look has shown. */
export interface Finding {
  state: "ok" | "note" | "wrong";
  text: string;
  fix?: string;
  /** For a look that shows several things: the name of this one. */
  name?: string;
}

export type Found = Finding | readonly Finding[];

/** What of the system is looked at; tests give another one. */
export interface System {
  /** The user that asks, undefined if the system has no such numbers. */
  uid: number | undefined;
  /** Free bytes and inodes; undefined if this is not known. */
  room(path: string): { bytes: number; inodes: number | undefined } | undefined;
  isWritable(path: string): boolean;
  managedSettings: string;
}

/** Whom doctor examines: a module directory, which may be damaged. */
export interface Subject {
  paths: Paths;
  env: NodeJS.ProcessEnv;
  now: () => Date;
  redact: Redact;
  system: System;
  /** Undefined if `config.json` cannot be used: `configProblem` says why. */
  config: Config | undefined;
  configProblem?: unknown;
}

/** With the configuration at hand. */
export type Examined = Subject & { config: Config };

export interface Check {
  name: string;
  group: Group;
  look(subject: Subject): Found | Promise<Found>;
}

/** A check that needs the configuration and is left out without it: the check of `config.json` says why. */
export function configured(
  name: string,
  group: Group,
  look: (subject: Examined) => Found | Promise<Found>,
): Check {
  const isExamined = (subject: Subject): subject is Examined => subject.config !== undefined;
  return { name, group, look: (subject) => (isExamined(subject) ? look(subject) : []) };
}

export const ok = (text: string): Finding => ({ state: "ok", text });
export const note = (text: string, fix?: string): Finding => ({
  state: "note",
  text,
  ...(fix === undefined ? {} : { fix }),
});
export const wrong = (text: string, fix: string): Finding => ({ state: "wrong", text, fix });

/** What the commands are called here, since a second instance's are not on PATH. */
export function commandOf({ config, paths }: Subject): string {
  return config === undefined || config.app_slug === "amp" ? "amp-module" : paths.launcher;
}

/** Where Amp works, or the home while that is no folder. */
export function workdirOf({ config, paths }: Examined): string {
  const path = expandHome(config.workdir, paths.home);
  return folderProblem(path) === undefined ? path : paths.home;
}
