function greeting(name: string = "world"): string {
  return `Hello, ${name}!`;
}

console.log(greeting(process.argv[2]));
