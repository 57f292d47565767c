using System;

class Hello
{
    static void Main(string[] args)
    {
        var name = args.Length > 0 ? args[0] : "world";
        Console.WriteLine($"Hello, {name}!");
    }
}
