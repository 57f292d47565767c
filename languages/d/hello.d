import std.stdio;

void main(string[] args)
{
    const name = args.length > 1 ? args[1] : "world";
    writefln("Hello, %s!", name);
}
