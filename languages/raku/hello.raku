sub MAIN($name = 'world') {
    say "Hello, $name!";
}
