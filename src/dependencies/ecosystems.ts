/**
 * @module
 * The ways to declare dependencies that are known, each installed as its own tool does it.
 */
import type { Ecosystem } from "./ecosystem.ts";
import { cargo } from "./ecosystems/cargo.ts";
import { composer } from "./ecosystems/composer.ts";
import { gem } from "./ecosystems/gem.ts";
import { go } from "./ecosystems/go.ts";
import { npm } from "./ecosystems/npm.ts";
import { pip } from "./ecosystems/pip.ts";

export const ecosystems: readonly Ecosystem[] = [pip, npm, gem, go, composer, cargo];
