/**
 * @module
 * Programs that go from the page to other places: links, zips, commands, pages of other sites.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { toFragment } from "../../web/src/share/program-fragment.ts";
import { program } from "./cli-fixture.ts";
import {
  browserGap,
  editorOf,
  gapWords,
  outputOf,
  python,
  run,
  servePage,
  typeCode,
  untilStanding,
} from "./page-fixture.ts";

const openShareDialog = async (page: Page): Promise<void> => {
  await page.getByRole("button", { name: "Share" }).click();
};

const makeLink = async (page: Page, title = ""): Promise<string> => {
  await openShareDialog(page);
  await page.getByLabel("Title").fill(title);
  await page.getByRole("button", { name: "Make a link" }).click();
  return page.getByLabel("Link", { exact: true }).inputValue();
};

describe.skipIf(browserGap !== undefined)(`what the page shares${gapWords}`, () => {
  const site = servePage();

  test("a link opens the program in another browser, which makes another program of it", async () => {
    const files = [
      { path: "main.py", content: "import other\nprint(input(), other.it)\n", encoding: "utf8" },
      { path: "other.py", content: "it = 42\n", encoding: "utf8" },
    ] as const;
    const page = await site.open({ project: { files, stdin: "the answer is", args: ["a b"] } });
    const link = await makeLink(page, "An answer");
    expect(link).toMatch(new RegExp(`^${site.url()}/s/[1-9A-HJ-NP-Za-km-z]{12}$`));

    const other = await site.open({ path: new URL(link).pathname });
    await other.getByRole("tab", { name: "other.py" }).waitFor();
    expect(await other.title()).toBe("An answer – Glovebox");
    // A reload must not undo what is typed from now on.
    expect(other.url()).toBe(`${site.url()}/`);
    await run(other);
    await untilStanding(other, "Exited with code 0");
    expect(await outputOf(other).textContent()).toBe("the answer is 42\n");

    await typeCode(other, 'print("forked")\n');
    const fork = await makeLink(other);
    expect(fork).not.toBe(link);
    const id = new URL(fork).pathname.split("/").at(-1) ?? "";
    const answer = (await (await fetch(`${site.url()}/v1/shares/${id}`)).json()) as {
      readonly forked_from: string;
    };
    expect(link.endsWith(answer.forked_from)).toBe(true);
  });

  test("a program that a link takes the place of is kept, also when more links come", async () => {
    const page = await site.open({ project: python("print('theirs')") });
    const link = new URL(await makeLink(page)).pathname;
    const fragment = toFragment({ language: "python", code: "print('third')" });
    const mine = await site.open({ project: python("print('mine')") });
    for (const [path, text] of [
      [link, "theirs"],
      [link, "theirs"],
      [`/#${fragment}`, "third"],
    ] as const) {
      await mine.goto("about:blank");
      await mine.goto(site.url() + path);
      await editorOf(mine).getByText(`print('${text}')`).waitFor();
    }
    await mine.reload();
    await mine.getByRole("button", { name: "Have it back" }).click();
    await editorOf(mine).getByText("print('mine')").waitFor();
    expect(await mine.getByRole("button", { name: "Have it back" }).count()).toBe(0);
  });

  test("a link that its browser removed leads nowhere, and says so", async () => {
    const page = await site.open({ project: python("print(1)") });
    const link = await makeLink(page, "Soon gone");
    await page.getByText("Links made in this browser").click();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByText("The link is removed").waitFor();
    expect(await page.getByRole("link", { name: "Soon gone" }).count()).toBe(0);
    const other = await site.open({ path: new URL(link).pathname, allowed: /404/ });
    await other.getByText("The link can't be opened").waitFor();
  });

  test("a program in an address that was cut is told of, and takes the place of none", async () => {
    const fragment = toFragment({ language: "python", code: "print('from a link')" });
    const page = await site.open({
      project: python("print('mine')"),
      path: `/#${fragment.slice(0, -9)}`,
    });
    await page.getByText("This page can't read the program in the link").waitFor();
    expect(await editorOf(page).innerText()).toContain("mine");
  });

  test("what a program asks for is not granted by who opens it", async () => {
    const page = await site.open();
    const body = { language: "python", files: [{ path: "main.py", content: "" }] };
    const response = await fetch(`${site.url()}/v1/shares`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...body, title: "<img src=x onerror=alert(1)>" }),
    });
    const { path } = (await response.json()) as { readonly path: string };
    await page.goto(site.url() + path);
    await page.waitForURL(`${site.url()}/`);
    expect(await page.title()).toBe("<img src=x onerror=alert(1)> – Glovebox");
  });

  test("the zip has the files as they are", async () => {
    const files = [
      { path: "src/main.py", content: "print('zwölf')\n", encoding: "utf8" },
      { path: "data.bin", content: "AP8=", encoding: "base64" },
    ] as const;
    const page = await site.open({ project: { files } });
    await openShareDialog(page);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download as zip" }).click();
    const zip = unzipSync(readFileSync(await (await download).path()));
    expect(Object.keys(zip)).toEqual(["src/main.py", "data.bin"]);
    expect(Buffer.from(zip["src/main.py"] ?? []).toString()).toBe("print('zwölf')\n");
    expect(Buffer.from(zip["data.bin"] ?? [])).toEqual(Buffer.from([0, 255]));
  });

  test("the curl command runs the program, whatever quotes are in it", async () => {
    const content = `print("it's", '$HOME', \`x\` if False else "\\\\")\n`.replaceAll("`", "");
    const page = await site.open({
      project: { ...python(content), args: ["a'b", "c d"], stdin: "in" },
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await openShareDialog(page);
    await page.getByRole("button", { name: "Copy as curl" }).click();
    await page.getByText("The curl command is copied.").waitFor();
    const command = await page.evaluate<string>("navigator.clipboard.readText()");
    const answer = JSON.parse(execFileSync("sh", ["-c", command], { encoding: "utf8" })) as {
      readonly run: { readonly stdout: string };
    };
    expect(answer.run.stdout).toBe("it's $HOME \\\n");
  });

  // Pasted into a terminal, a Ctrl-C in somebody else's program would end the command before it.
  test("the command for a shell runs it with its own words, and has no keys in it", async () => {
    const content = `import sys\nprint(sys.argv[1:], input(), "it's \x03 \\n!".encode())\n`;
    const page = await site.open({
      project: { ...python(content), args: ["--", "--network", "\x1b"], stdin: "a'b" },
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await openShareDialog(page);
    await page.getByRole("button", { name: "Copy as glovebox run" }).click();
    await page.getByText("The command is copied.").waitFor();
    const command = await page.evaluate<string>("navigator.clipboard.readText()");
    expect(command).not.toMatch(/(?!\n)\p{Cc}/u);
    const env = { ...process.env, PATH: `${dirname(program)}:${process.env["PATH"] ?? ""}` };
    const output = execFileSync("bash", ["-c", command], { encoding: "utf8", env });
    expect(output).toBe(`['--', '--network', '\\x1b'] a'b b"it's \\x03 \\n!"\n`);
  });
});

/** A site with rules of its own, which let nothing inline pass. */
const documentation = (server: string): string => `<!doctype html><title>Docs</title>
<pre data-glovebox="python" data-stdin="typed">import sys
print("\x1b[32mgreen\x1b[0m", input(), flush=True)
print("&lt;b&gt;bad&lt;/b&gt;", file=sys.stderr)</pre>
<pre><code class="language-bash">sleep 30</code></pre>
<pre><code class="language-none-such">x</code></pre>
<script src="${server}/embed.js" data-all defer></script>`;

describe.skipIf(browserGap !== undefined)(`code blocks of another site${gapWords}`, () => {
  let docs: Server;
  let origin = "";
  beforeAll(async () => {
    docs = createServer((_request, response) => {
      response.setHeader("content-type", "text/html");
      const rules = `default-src 'none'; script-src ${site.url()}; connect-src ${site.url()}`;
      response.setHeader("content-security-policy", rules);
      response.end(documentation(site.url()));
    }).listen(0, "127.0.0.1");
    await once(docs, "listening");
    origin = `http://localhost:${(docs.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    docs.close();
  });
  const site = servePage(() => ["--cors", origin]);

  const openDocs = async (at = origin, allowed?: RegExp): Promise<Page> =>
    site.open({ at, ...(allowed && { allowed }) });

  test("run, and show what they write as text", async () => {
    const page = await openDocs();
    await page.getByRole("button", { name: "Run" }).first().click();
    await page.getByText("Exited with code 0").waitFor();
    const output = page.getByRole("region", { name: "Output" }).first();
    expect(await output.textContent()).toBe("green typed\n<b>bad</b>\n");
  });

  test("are edited, stopped, reset, and opened in the playground", async () => {
    const page = await openDocs();
    const code = page.locator("pre").first();
    await page.getByRole("button", { name: "Edit" }).first().click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText("print('edited')");
    const opened = page.context().waitForEvent("page");
    await page.getByRole("button", { name: "Open" }).first().click();
    const playground = await opened;
    await playground.locator(".cm-content", { hasText: "print('edited')" }).waitFor();
    expect(playground.url()).toBe(`${site.url()}/`);
    await page.getByRole("button", { name: "Reset" }).first().click();
    expect(await code.textContent()).toMatch(/^import sys/);

    await page.getByRole("button", { name: "Run" }).nth(1).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped").waitFor();
  });

  test("say what is wrong with their language", async () => {
    const page = await openDocs(origin, /400/);
    await page.getByRole("button", { name: "Run" }).nth(2).click();
    await page.getByText("no language is called").waitFor();
  });

  test("of a site that the operator does not name can load the script, and run nothing", async () => {
    const other = origin.replace("localhost", "127.0.0.1");
    const page = await openDocs(other, /CORS|ERR_FAILED|403/);
    await page.getByRole("button", { name: "Run" }).first().click();
    await page.getByText("got no answer").waitFor();
    expect(await editorOf(page).count()).toBe(0);
  });
});
