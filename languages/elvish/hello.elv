var name = world
if (> (count $args) 0) {
  set name = $args[0]
}
echo 'Hello, '$name'!'
