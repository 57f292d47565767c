args = get_argv();
name = numberof(args) > 1 ? args(2) : "world";
write, format="Hello, %s!\n", name;
