set name = world
if ($#argv > 0) set name = "$1"
echo "Hello, ${name}!"
