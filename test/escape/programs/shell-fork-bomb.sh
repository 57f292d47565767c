# The classic.
echo "trying: the classic fork bomb"
bomb() { bomb | bomb & }
bomb
wait
sleep 1
echo "held: still here"
echo done
