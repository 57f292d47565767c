import System.Environment (getArgs)

main :: IO ()
main = do
  args <- getArgs
  putStrLn ("Hello, " ++ (case args of name : _ -> name; [] -> "world") ++ "!")
