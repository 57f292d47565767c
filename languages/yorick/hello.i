args = get_argv()(2:);
name = numberof(args) ? args(1) : "world";
write, format="Hello, %s!\n", name;
