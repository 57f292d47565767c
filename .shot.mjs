import { chromium } from "playwright-core";
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args:["--no-sandbox"] });
const code = `
import socket, threading
def rd(p):
    try: open(p).read()
    except OSError as e: print(e)
def knock(n):
    try: socket.create_connection((f"198.51.100.{n}", 443), 20)
    except OSError as error: print(error.strerror, flush=True)
import time
threading.Thread(target=rd,args=("/tmp/w/ask9-state/home/.aws/"+"w"*200,)).start()
time.sleep(.3)
threading.Thread(target=rd,args=("/tmp/w/ask9-state/home/.aws/credentials",)).start()
for n in range(4): threading.Thread(target=knock, args=(n,)).start()
`;
for (const [name, theme, vp] of [["l","light",{width:1280,height:800}],["d","dark",{width:1280,height:800}],["p","light",{width:360,height:740}]]) {
  const project={language:"python",version:"",files:[{path:"main.py",content:code,encoding:"utf8"}],stdin:"",args:[],limits:{},network:"ask",hostFiles:"ask",isTerminal:false};
  const c = await b.newContext({viewport:vp, storageState:{cookies:[],origins:[{origin:"http://127.0.0.1:8131",localStorage:[{name:"glovebox:project",value:JSON.stringify(project)},{name:"glovebox:settings",value:JSON.stringify({theme,keymap:"usual",fontSizePx:14})}]}]}});
  const p = await c.newPage();
  p.on("console", m => console.log("console", m.type(), m.text()));
  await p.goto("http://127.0.0.1:8131/");
  await p.getByRole("button",{name:"Run",exact:true}).first().click();
  await p.locator("article.ask").nth(2).waitFor();
  await p.waitForTimeout(900);
  await p.screenshot({ path: `/tmp/w/ask9-state/${name}.png` });
  await p.getByRole("button",{name:/^Deny all/}).click();
  await p.waitForTimeout(1500);
  await p.screenshot({ path: `/tmp/w/ask9-state/${name}2.png` });
  await p.getByRole("button",{name:"Stop"}).first().click().catch(()=>{});
  await c.close();
}
await b.close();
