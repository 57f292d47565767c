(let [[name] *command-line-args*]
  (println (str "Hello, " (or name "world") "!")))
