-module(hello).
-export([main/1]).

main([]) -> main(["world"]);
main([Name | _]) -> io:format("Hello, ~ts!~n", [Name]).
