"""CloudWatch as moto has it, with composite alarms and the states that AWS gives new and changed alarms."""
