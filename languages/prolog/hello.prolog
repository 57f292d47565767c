:- initialization(main, main).

main([]) :- main([world]).
main([Name|_]) :- format("Hello, ~w!~n", [Name]).
