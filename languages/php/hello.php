<?php
$name = $argv[1] ?? 'world';
echo "Hello, $name!\n";
