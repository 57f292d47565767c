int main(int argc, array(string) argv) {
    write("Hello, %s!\n", argc > 1 ? argv[1] : "world");
    return 0;
}
