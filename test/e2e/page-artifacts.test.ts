/**
 * @module
 * Files that a program made, on the page; and what a page that a program made can do to the one around it.
 */
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  browserGap,
  editorOf,
  gapWords,
  outputOf,
  python,
  run,
  servePage,
  typeCode,
} from "./page-fixture.ts";

/** Writes each file below `out`, its content in base64. */
const writing = (files: Readonly<Record<string, string | Buffer>>) => {
  const contents = Object.entries(files).map(([name, content]) => [
    name,
    Buffer.from(content).toString("base64"),
  ]);
  return python(`import base64, os
os.makedirs("out")
for name, content in ${JSON.stringify(contents)}:
    open("out/" + name, "wb").write(base64.b64decode(content))
`);
};

/** One pixel. */
const gif = Buffer.from("R0lGODlhAQABAIAAAP8AAAAAACwAAAAAAQABAAACAkQBADs=", "base64");
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" onload="alert(1)">
  <script>alert(2)</script><rect width="40" height="20"/></svg>`;

const fileOf = (page: Page, name: string) => page.getByRole("article", { name: `out/${name}` });
interface Picture {
  readonly naturalWidth: number;
  readonly decode: () => Promise<void>;
}
const widthOf = (image: Locator): Promise<number> =>
  image.evaluate(async (picture: Picture) => {
    await picture.decode();
    return picture.naturalWidth;
  });
/** What the browser says of what its rules refuse. */
const refusals =
  /Content.Security.Policy|violates|[Ss]andbox|[Bb]locked|Unsafe attempt|Refused|127\.0\.0\.1|not allowed/;

describe.skipIf(browserGap)(`files on the page${gapWords}`, () => {
  const site = servePage();

  test("each is shown as what it is", async () => {
    const page = await site.open({
      project: writing({
        ...{ "picture.txt": gif, "drawing.svg": svg, "no.png": "words", "data.bin": "\0\x01" },
        "table.csv": `name,age\r\n"Ada, first",36\r\n${"x,1\r\n".repeat(300)}`,
        "log.txt": "one\u202etwo\n",
      }),
    });
    await run(page);
    await page.getByText("6 files came back").waitFor();
    expect(await widthOf(fileOf(page, "picture.txt").getByRole("img"))).toBe(1);
    const drawing = fileOf(page, "drawing.svg").locator("iframe");
    expect(await widthOf(drawing.contentFrame().locator("img"))).toBe(40);
    expect(await drawing.boundingBox()).toMatchObject({ width: 40, height: 20 });
    await fileOf(page, "no.png").getByText("words").waitFor();
    await fileOf(page, "log.txt").getByText("one⟨U+202E⟩two").waitFor();
    const table = fileOf(page, "table.csv");
    await table.getByRole("columnheader", { name: "age" }).waitFor();
    await table.getByRole("cell", { name: "Ada, first" }).waitFor();
    await table.getByText("There are more rows").waitFor();
    expect(await table.getByRole("row").count()).toBe(200);
    expect(await fileOf(page, "data.bin").getByRole("button").allTextContents()).toEqual([
      "Download",
    ]);
  });

  test("all come as a zip, and one as it is", async () => {
    const page = await site.open({ project: writing({ "a.txt": "A", "b.html": "<b>B" }) });
    await run(page);
    const [zip] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download all as zip" }).click(),
    ]);
    expect(zip.suggestedFilename()).toBe("files.zip");
    const [one] = await Promise.all([
      page.waitForEvent("download"),
      fileOf(page, "b.html").getByRole("button", { name: "Download" }).click(),
    ]);
    expect(one.suggestedFilename()).toBe("b.html");
  });

  test("a drawing that is work without an end does not stop the page around it", async () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const uses = `<use href="#a${level}" x="1"/>`.repeat(10);
      return `<g id="a${level + 1}">${uses}</g>`;
    });
    const bomb = `<svg xmlns="http://www.w3.org/2000/svg"><defs><path id="a0" d="M0 0h1"/>
      ${levels.join("")}</defs><use href="#a9"/></svg>`;
    const page = await site.open({ project: writing({ "bomb.svg": bomb }) });
    await run(page);
    await fileOf(page, "bomb.svg").locator("iframe").waitFor();
    // Drawn in the page itself it would hold it up from the first moment on.
    await page.waitForTimeout(1000);
    await typeCode(page, "print('still here')\n");
    await run(page);
    await outputOf(page).getByText("still here").waitFor();
  });

  test("links and pictures of very many pixels are told of, not shown", async () => {
    const bomb = Buffer.from(gif);
    bomb.writeUInt16LE(60_000, 6);
    bomb.writeUInt16LE(60_000, 8);
    const { files = [] } = writing({ "bomb.gif": bomb });
    const content = `${files[0]?.content ?? ""}os.symlink("/etc/passwd", "out/link")\n`;
    const page = await site.open({ project: python(content) });
    await run(page);
    await page.getByText("out/link did not come: it is a link.").waitFor();
    const file = fileOf(page, "bomb.gif");
    await file.getByText("very many pixels").waitFor();
    expect(await file.getByRole("img").count()).toBe(0);
  });
});

/** Run in the frame: what was given to it, by name; what it could not have is left out. */
const reach = `
const got = [];
const attempt = async (name, want) => {
  try {
    const value = await want();
    if (value !== undefined && value !== null && value !== false) got.push(name + ": " + value);
  } catch {}
};
const event = (target, good, bad) =>
  new Promise((resolve, reject) => { target[good] = () => resolve(true); target[bad] = reject; });
Promise.all([
  attempt("its origin", () => origin),
  attempt("parent's document", () => parent.document.title),
  attempt("parent's storage", () => parent.localStorage.length),
  attempt("frame element", () => window.frameElement),
  attempt("local storage", () => localStorage.length),
  attempt("session storage", () => sessionStorage.length),
  attempt("cookies", () => document.cookie),
  attempt("caches", () => caches.open("x")),
  attempt("database", () => event(indexedDB.open("x"), "onsuccess", "onerror")),
  attempt("files", () => navigator.storage.getDirectory()),
  attempt("API", () => fetch(OWN + "/v1/info").then(({ status }) => status)),
  attempt("API by XHR", () => { const x = new XMLHttpRequest(); x.open("GET", OWN + "/v1/info"); x.send(); return event(x, "onload", "onerror"); }),
  attempt("fetch", () => fetch(OTHER + "/fetch", { mode: "no-cors", keepalive: true }).then(() => true)),
  attempt("web socket", () => event(new WebSocket(OWN.replace("http", "ws") + "/v1/executions"), "onopen", "onerror")),
  attempt("event source", () => event(new EventSource(OTHER + "/events"), "onopen", "onerror")),
  attempt("worker", () => event(new Worker(URL.createObjectURL(new Blob(["postMessage(1)"]))), "onmessage", "onerror")),
  attempt("service worker", () => navigator.serviceWorker.register(OWN + "/assets/x.js")),
  attempt("picture of the API", () => { const i = new Image(); i.src = OWN + "/assets/icon.svg"; return event(i, "onload", "onerror"); }),
  attempt("window", () => open(OTHER + "/open")),
  attempt("own question", () => confirm("Allow?")),
  attempt("page around it", () => { top.location = OTHER + "/top"; return true; }),
  attempt("address around it", () => { parent.location.hash = "x"; return true; }),
  attempt("camera", () => navigator.mediaDevices.getUserMedia({ video: true })),
  attempt("screen", () => navigator.mediaDevices.getDisplayMedia()),
  attempt("place", () => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject))),
  attempt("notifications", () => Notification.requestPermission().then((answer) => answer === "granted")),
  attempt("clipboard", () => navigator.clipboard.readText()),
  attempt("clipboard to write", () => navigator.clipboard.writeText("x").then(() => true)),
  attempt("full screen", () => document.documentElement.requestFullscreen().then(() => true)),
  attempt("pointer", () => document.body.requestPointerLock().then(() => true)),
]).then(() => { navigator.sendBeacon(OTHER + "/beacon", "x"); document.title = "done"; document.body.dataset.got = JSON.stringify(got); });
`;
const tags = `<base href="OTHER/base/"><link rel="stylesheet" href="OTHER/css"><link rel="prefetch" href="OTHER/prefetch">
<link rel="modulepreload" href="OTHER/module"><img src="OTHER/img"><video src="OTHER/video"></video>
<object data="OTHER/object"></object><embed src="OTHER/embed"><iframe src="OTHER/iframe"></iframe><iframe src="OWN/v1/info"></iframe>
<script src="OTHER/script"></script><style>@import "OTHER/import"; body { background: url(OTHER/background) }</style>
<form id="form" action="OTHER/form" method="post"></form><a id="blank" href="OTHER/blank" target="_blank">x</a>
<a id="top" href="OTHER/top" target="_top">x</a><a id="ping" ping="OTHER/ping" href="#x">x</a>
<script>form.submit(); blank.click(); document.getElementById("top").click();</script>`;

describe.skipIf(browserGap)(`a page that a program made${gapWords}`, () => {
  const site = servePage();
  let other: Server;
  let otherUrl = "";
  const requests: string[] = [];
  beforeAll(async () => {
    other = createServer(({ url }, response) => {
      requests.push(url ?? "");
      response.end();
    }).listen(0, "127.0.0.1");
    await once(other, "listening");
    otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  });
  beforeEach(() => void requests.splice(0));
  afterAll(() => other.close());

  const show = async (html: string): Promise<Page> => {
    const content = html.replaceAll("OTHER", otherUrl).replaceAll("OWN", site.url());
    const project = writing({ "page.html": content });
    const page = await site.open({ project, allowed: refusals });
    await editorOf(page).click();
    await page.keyboard.press("Control+Enter");
    return page;
  };
  const frameOf = (page: Page) => page.frameLocator(".program-frame iframe");

  test("is shown, and its scripts run", async () => {
    const page = await show(`<h1 id="h">still</h1><script>h.textContent = "moved"</script>`);
    await frameOf(page).getByText("moved").waitFor();
    await page.getByText("Made by the program").waitFor();
  });

  test("reaches neither the page around it nor anything else", async () => {
    const script = reach.replace(/\bOWN\b|\bOTHER\b/g, (name) => JSON.stringify(name));
    const page = await show(`${tags}<script>${script}</script>`);
    const body = frameOf(page).locator("body[data-got]");
    await body.waitFor({ state: "attached" });
    expect(JSON.parse((await body.getAttribute("data-got")) ?? "")).toEqual(["its origin: null"]);
    expect(requests).toEqual([]);
    expect(page.url()).toBe(`${site.url()}/`);
    expect(page.context().pages()).toHaveLength(1);
  });

  test.each([
    ["a refresh", `<meta http-equiv="refresh" content="0;url=OTHER/x">`],
    ["a location", `<script>location = "OTHER/x"</script>`],
    ["a form", `<form action="OTHER/x"></form><script>document.forms[0].submit()</script>`],
    ["a document in an address", `<script>location = "data:text/html,<img src=OTHER/x>"</script>`],
    ["a document of its own", `<iframe srcdoc="<img src=OTHER/x>"></iframe>`],
  ])("does not leave by %s", async (_, html) => {
    const page = await show(`${html}<script>new Image().src = "OTHER/y"</script>`);
    await page.locator(".program-frame iframe").waitFor();
    // What is refused has no event here; what is not takes a moment.
    await page.waitForTimeout(1000);
    expect(requests).toEqual([]);
  });

  test("that takes the keyboard gives it back, and is closed", async () => {
    const page = await show(`<input id="i"><script>setInterval(() => i.focus(), 20)</script>`);
    await page.getByText("This page was closed: it took the keyboard").waitFor();
    await page.keyboard.type("typed");
    await editorOf(page).getByText("typed").waitFor();
  });

  test("takes keys when somebody uses it, until something else is used", async () => {
    const page = await show(`<input id="i" aria-label="Field">`);
    const field = frameOf(page).getByLabel("Field");
    await page.getByRole("button", { name: "Use it" }).click();
    await field.click();
    await page.keyboard.type("inside");
    expect(await field.inputValue()).toBe("inside");
    await editorOf(page).click();
    await page.getByRole("button", { name: "Use it" }).waitFor();
  });

  test("that sends message after message is closed", async () => {
    const flood = `for (let n = 0; n < 500; n++) parent.postMessage(n, "*")`;
    const page = await show(`<script>onload = () => setInterval(() => { ${flood} })</script>`);
    await page.getByText("This page was closed: it sent").waitFor();
  });

  test("that computes and computes does not stop the page around it", async () => {
    const loop = `const end = Date.now() + 8000; while (Date.now() < end);`;
    const page = await show(`<script>onload = () => { ${loop} }</script>`);
    await page.getByText("Made by the program").waitFor();
    await page.keyboard.type("typed");
    await editorOf(page).getByText("typed").waitFor();
  });

  test("is shown larger in a dialog", async () => {
    const page = await show("<h1>Report</h1>");
    await page.getByRole("button", { name: "Enlarge" }).click();
    const dialog = page.getByRole("dialog", { name: "out/page.html" });
    await dialog.locator("iframe").contentFrame().getByText("Report").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  });

  test("is taken of the page around it alone", async () => {
    const page = await site.open({ path: "/frame", allowed: refusals });
    await page.evaluate(`postMessage("<h1>taken</h1>", "*");
      new Promise((resolve) => setTimeout(resolve))`);
    expect(await page.content()).not.toContain("taken</h1>");
  });
});
