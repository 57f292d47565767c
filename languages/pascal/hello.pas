program Hello;
var
  Name: String = 'world';
begin
  if ParamCount > 0 then Name := ParamStr(1);
  WriteLn('Hello, ', Name, '!');
end.
