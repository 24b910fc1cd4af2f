/** Every recipe by its name; adding one is adding its file, its line here and its name in recipe.ts. */
import { ftraceRecipe } from './ftrace.js';
import { gdbRecipe } from './gdb.js';
import { qemuRecipe } from './qemu.js';
import type { Recipe, RecipeName, RecipeRequest } from './recipe.js';
import { straceRecipe } from './strace.js';
import { uprobesRecipe } from './uprobes.js';

export const recipes: Readonly<Record<RecipeName, (request: RecipeRequest) => Recipe>> = {
  gdb: gdbRecipe,
  uprobes: uprobesRecipe,
  qemu: qemuRecipe,
  ftrace: ftraceRecipe,
  strace: straceRecipe,
};
