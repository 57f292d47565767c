// A first program:  glovebox run examples/hello.cpp [NAME]
#include <iostream>

int main(int argc, char **argv)
{
    std::cout << "Hello, " << (argc > 1 ? argv[1] : "world") << ", from C++ in a sandbox!\n";
}
