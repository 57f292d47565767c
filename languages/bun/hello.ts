const name: string = Bun.argv[2] ?? "world";
console.log(`Hello, ${name}!`);
