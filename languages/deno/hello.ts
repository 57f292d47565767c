const name: string = Deno.args[0] ?? "world";
console.log(`Hello, ${name}!`);
