import { existsSync, lstatSync } from "node:fs";
export const askablePaths = ({ home, insideHome }: any): any[] => [
  { hostPath: home, kind: "folder", insidePaths: [home] },
  ...[".aws", ".ssh", ".netrc"].filter((n) => existsSync(`${home}/${n}`)).map((n) => ({ hostPath: `${home}/${n}`, kind: lstatSync(`${home}/${n}`).isDirectory() ? "folder" : "file", insidePaths: [`${insideHome}/${n}`] })),
];
