void main(string[] args) {
    var name = args.length > 1 ? args[1] : "world";
    print("Hello, %s!\n", name);
}
