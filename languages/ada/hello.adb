with Ada.Command_Line; use Ada.Command_Line;
with Ada.Text_IO;      use Ada.Text_IO;

procedure Hello is
   Name : constant String := (if Argument_Count > 0 then Argument (1) else "world");
begin
   Put_Line ("Hello, " & Name & "!");
end Hello;
