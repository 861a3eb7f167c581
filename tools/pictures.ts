/** Takes the pictures of terminals in docs/images/ from what the commands print: `npm run pictures`. */
import { writeFile } from "node:fs/promises";
import { COLUMNS, takeScenes } from "./documents/pictures/scenes.ts";
import { pictureOf } from "./documents/pictures/svg.ts";
import { screenOf } from "./documents/pictures/terminal.ts";

for (const { name, title, output } of await takeScenes()) {
  const path = `docs/images/${name}.svg`;
  await writeFile(path, pictureOf(title, screenOf(output, COLUMNS), COLUMNS));
  console.log(`${path}: written`);
}
