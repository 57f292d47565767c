program hello
  implicit none
  character(len=:), allocatable :: name
  integer :: length

  name = "world"
  if (command_argument_count() > 0) then
    call get_command_argument(1, length=length)
    deallocate (name)
    allocate (character(len=length) :: name)
    call get_command_argument(1, name)
  end if
  print "(3a)", "Hello, ", name, "!"
end program hello
