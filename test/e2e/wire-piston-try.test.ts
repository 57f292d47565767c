import { test } from "vitest";
import { startServer } from "./wire-piston-tmp.ts";
test("try", { timeout: 100_000 }, async () => {
  await using server = await startServer();
  const post = async (body: unknown, type = "application/json", path = "/api/v2/execute", method = "POST") => {
    const r = await fetch(server.url + path, { method, headers: { "content-type": type }, body: typeof body === "string" ? body : JSON.stringify(body) });
    return `${r.status} ${(await r.text()).slice(0, 700)}`;
  };
  const t0 = performance.now();
  const rt = await (await fetch(`${server.url}/api/v2/runtimes`)).json() as any[];
  console.log("cold runtimes ms", performance.now() - t0, rt.length, JSON.stringify(rt.filter((r) => ["python","c++","javascript","typescript"].includes(r.language))));
  for (let i = 0; i < 5; i++) { const t = performance.now(); await (await fetch(`${server.url}/api/v2/runtimes`)).json(); console.log("warm", performance.now() - t); }
  const py = (content: string, more = {}) => ({ language: "python", version: "3.10.0", files: [{ content }], ...more });
  console.log(await post(py("print(1)")));
  console.log(await post(py("print(1)"), "text/plain;charset=UTF-8"));
  console.log(await post("a=b", "application/x-www-form-urlencoded"));
  console.log(await post("{bad"));
  console.log(await post({ language: "c++", version: "10.2.0", files: [{ content: "int main(){ return 3; }" }] }));
  console.log(await post({ language: "c", version: "*", files: [{ content: "int main(){ return x; }" }] }));
  console.log(await post(py("import os,sys; print(sys.stdin.read().encode()); os.kill(os.getpid(), 11)")));
  console.log(await post(py("import time; time.sleep(9)", { run_timeout: 300 })));
  console.log(await post(py("while True: print('x'*1000)")));
  console.log(await post({}, "application/json", "/api/v2/nothing"));
  console.log(await post({}, "application/json", "/api/v2/runtimes"));
  console.log(await post({ language: "java", version: "1.0.0" }, "application/json", "/api/v2/packages"));
  console.log(await post({ language: "zig", version: "1.0.0" }, "application/json", "/api/v2/packages", "DELETE"));
  for (const p of ["/api/v2/connect", "/api/v2", "/api/v2/x", "/"]) { const r = await fetch(server.url + p); console.log(p, r.status, await r.text()); }
  const n = 100; let t = performance.now(); for (let i = 0; i < n; i++) await post({ language: "bash", version: "*", files: [{ content: "echo 1" }] }); console.log("bash ms each", (performance.now() - t) / n);
  const hellos = server.service.languages.languages.filter((l) => rt.some((r) => r.aliases.includes(l.id) || r.language === l.id));
  for (const l of hellos) {
    const a = await post({ language: l.id, version: "*", stdin: l.helloStdin, files: [{ content: l.helloCode }] });
    if (!/"code":0/.test(a) || !/Hello/i.test(a)) console.log("UNNAMED", l.id, a.slice(0, 300));
    const b = await post({ language: l.id, version: "*", stdin: l.helloStdin, files: [{ name: "prog.txt", content: l.helloCode }] });
    if (!/"code":0/.test(b) || !/Hello/i.test(b)) console.log("OTHERNAME", l.id, b.slice(0, 300));
  }
  console.log(hellos.map((l) => l.id).join(" "));
  console.log(server.log().split("\n").filter((l) => /"level":[56]/.test(l)).join("\n").slice(0, 2000));
});
