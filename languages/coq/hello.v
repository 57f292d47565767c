Theorem add_zero : forall n, n + 0 = n.
Proof. induction n as [| n IH]; simpl; rewrite ?IH; reflexivity. Qed.

Goal True.
  idtac "Hello, world!".
  exact I.
Qed.
