set name world
set -q argv[1]; and set name $argv[1]
echo "Hello, $name!"
